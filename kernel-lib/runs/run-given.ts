/** @file The pictures that a run was given, in its folder: given/NAME.safetensors, the numbers themselves, and given/NAME.png to look at. */
import { GIVEN_PICTURES } from "../conditions/given-picture.js";
import type { Tensor } from "../core/tensor.js";
import { unitImage } from "../core/unit-image.js";
import { keptTensor, writeKept } from "./kept-tensor.js";

type Given = keyof typeof GIVEN_PICTURES;

/** How each becomes a picture in [0,1]. */
const SHOWN: Readonly<Record<Given, (picture: Tensor) => Tensor>> = { init: (picture) => picture, anchorImage: unitImage };

/** The pictures among a panorama's options; none in those of other families. */
function givenOf(options: object): readonly (readonly [name: Given, picture: Tensor])[] {
  if (!("windows" in options)) return [];
  const values = options as Partial<Record<Given, Tensor>>;
  return (Object.keys(GIVEN_PICTURES) as Given[]).flatMap((name) => {
    const picture = values[name];
    return picture ? [[name, picture] as const] : [];
  });
}

/** Options whose pictures are named by their files. */
export const withKeptPictures = (options: object): object => ({
  ...options,
  ...Object.fromEntries(givenOf(options).map(([name, picture]) => [name, keptTensor(GIVEN_PICTURES[name], picture)])),
});

/** Writes the pictures that a run was given. */
export async function writeGiven(dir: string, options: object): Promise<void> {
  for (const [name, picture] of givenOf(options)) await writeKept(dir, GIVEN_PICTURES[name], picture, SHOWN[name](picture));
}
