/** @file Controls in words of a command line: IMAGE, and after it options as ,name=value. */
import type { Tensor } from "../core/tensor.js";
import type { ControlMode } from "../diffusion/capabilities.js";
import { canny } from "./canny.js";
import type { ControlOptions } from "./control.js";
import { horizonOf } from "./horizon.js";
import { silhouetteOf } from "./silhouette.js";

/** What is made of a picture, [1,3,H,W] -> [1,1|3,H,W] in [0,1]. */
export const CONDITION_KINDS = {
  raw: (image: Tensor): Tensor => image,
  canny: (image: Tensor): Tensor => canny(image),
  horizon: horizonOf,
  silhouette: silhouetteOf,
} as const;
/** Names a way to make a condition of a picture; "raw" takes it as it is. */
export type ConditionKind = keyof typeof CONDITION_KINDS;

/**
 * Reads controls: IMAGE[,kind=canny][,scale=0.8][,mode=guess][,start=0][,end=0.75][,net=0][,fit=stretch] each.
 * @throws RangeError for a word of another form; CheckpointError for a file that is missing or no picture
 */
export const controlsOfWords = (words: readonly string[], decode: DecodePicture): Promise<readonly ControlOptions[]> =>
  Promise.all(words.map((word) => controlOfWord(word, decode)));

/** Reads a picture's file: [1,3,H,W] in [0,1]. */
export type DecodePicture = (file: string) => Promise<Tensor>;

const NUMBERS = ["scale", "start", "end", "net"] as const;
const NAMES = [...NUMBERS, "mode", "kind", "fit"] as const;

/** The file of a word, and its options by name. */
function split(word: string): { readonly file: string; readonly given: ReadonlyMap<string, string> } {
  const given = new Map<string, string>();
  let file = word;
  for (let found = lastPart(file); found; found = lastPart(file)) {
    const [, rest, name, value] = found;
    given.set(name, value);
    file = rest;
  }
  return { file, given };
}

/** Whether a control's word says this option. */
export const hasOption = (word: string, name: string): boolean => split(word).given.has(name);

async function controlOfWord(word: string, decode: DecodePicture): Promise<ControlOptions> {
  const { file, given } = split(word);
  if (file === "") throw new RangeError(`got ${JSON.stringify(word)}, want a picture's file, such as skyline.png,scale=0.8`);
  const kind = given.get("kind") ?? "raw";
  if (!(kind in CONDITION_KINDS))
    throw new RangeError(`got kind=${kind} in ${JSON.stringify(word)}, want one of ${Object.keys(CONDITION_KINDS).join(", ")}`);
  const numbers = NUMBERS.filter((name) => given.has(name)).map((name) => [name, numberOf(word, name, given.get(name) as string)]);
  return {
    image: CONDITION_KINDS[kind as ConditionKind](await decode(file)),
    ...Object.fromEntries(numbers),
    ...(given.has("mode") && { mode: given.get("mode") as ControlMode }), // both are checked with the run's other options
    ...(given.has("fit") && { fit: given.get("fit") as ControlOptions["fit"] }),
  };
}

/** The word before its last option, the option's name and its value; null where none is left. */
const lastPart = (word: string): RegExpExecArray | null => new RegExp(`^(.*),(${NAMES.join("|")})=([^,]*)$`, "s").exec(word);

function numberOf(word: string, name: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`got ${name}=${text} in ${JSON.stringify(word)}, want a number`);
  return value;
}

/** A control as a word; its condition's file lies in the run's folder. @param k its index */
export const controlWord = ({ net = 0, scale = 1, mode = "balanced", start = 0, end = 1 }: ControlOptions, k: number): string =>
  [
    conditionName(k),
    ...(scale === 1 ? [] : [`scale=${scale}`]),
    ...(mode === "balanced" ? [] : [`mode=${mode}`]),
    ...(start === 0 ? [] : [`start=${start}`]),
    ...(end === 1 ? [] : [`end=${end}`]),
    ...(net === 0 ? [] : [`net=${net}`]),
  ].join(",");

/** The folder of the conditions in a run's folder. */
export const CONDITIONS = "control";

/** The picture of a condition in a run's folder. @param k the control's index */
export const conditionName = (k: number): string => `${CONDITIONS}/${k + 1}.png`;
