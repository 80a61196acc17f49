/** @file Which functions an export has, and at which sizes: the shapes of an exported graph are fixed. */
import { CheckpointError } from "../../core/errors.js";
import type { OpenParts } from "../pipeline.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import type { StableDiffusionPrograms } from "../stable-diffusion-programs.js";
import { type Lengths, shapeAt } from "./axes.js";
import { type AnyFunctionProgram, type FunctionTensor, type NetworkFunction, networkFunctions } from "./network-functions.js";
import type { TritonTensor } from "./triton-config.js";

/** How each function is exported: the rows of a call, and whether it has a model for each panorama besides that of a window. */
const EXPORTS = {
  text: { rows: 2, sizes: "window" }, // the negative prompt and the prompt
  noise: { rows: "batch", sizes: "window" },
  gradient: { rows: "batch", sizes: "window" },
  foresee: { rows: 1, sizes: "window" },
  decode: { rows: 1, sizes: "window and panoramas" },
  decode_wrap: { rows: 1, sizes: "panoramas" },
  encode: { rows: 1, sizes: "window and panoramas" },
  encode_wrap: { rows: 1, sizes: "panoramas" },
  distance: { rows: "batch", sizes: "window" },
} as const satisfies Record<string, { readonly rows: number | "batch"; readonly sizes: string }>;

/** A function that can be exported. */
export type ExportName = keyof typeof EXPORTS;
/** Every function that can be exported. */
export const EXPORT_NAMES = Object.keys(EXPORTS) as readonly ExportName[];

/** In pixels. */
export interface PanoramaSize {
  readonly width: number;
  readonly height: number;
}

/** A function at one size. */
export interface ExportedFunction {
  readonly name: string;
  readonly program: AnyFunctionProgram;
  readonly size: object;
  readonly lengths: Lengths;
  readonly inputs: readonly TritonTensor[];
  readonly outputs: readonly TritonTensor[];
}

/** What is exported. */
export interface ExportSizes {
  readonly what: readonly ExportName[];
  /** rows of a call of noise, gradient and distance; other functions have their own */
  readonly batch: number;
  /** of panoramas that decode and encode are written for besides a window, and decode_wrap and encode_wrap alone; default height a window's */
  readonly sizes: readonly (Pick<PanoramaSize, "width"> & Partial<PanoramaSize>)[];
}

/** The name of a function's model for a panorama. */
export const sizedName = (name: string, { width, height }: PanoramaSize): string => `${name}_${width}x${height}`;

/**
 * The functions at their sizes.
 * @param given `context`: tokens per prompt
 * @throws CheckpointError where the checkpoint lacks a part; RangeError for panoramas that the autoencoder cannot take, or none where some are needed
 */
export function exportedFunctions(
  given: { readonly parts: OpenParts<StableDiffusionParts>; readonly opened: StableDiffusionPrograms; readonly context: number },
  { what, batch, sizes: asked }: ExportSizes,
): readonly ExportedFunction[] {
  const { unet, scale } = given.opened;
  const sizes = asked.map(({ width, height = scale * unet.sampleSize }) => ({ width, height }));
  for (const size of sizes) expectTiles(size, scale);
  const known = new Map(networkFunctions(given).map((each) => [each.name, each]));
  const side = unet.sampleSize;
  return what.flatMap((name) => {
    const { rows, sizes: of } = EXPORTS[name];
    const found = known.get(name) ?? missing(name, given.parts);
    const window = { N: rows === "batch" ? batch : rows, h: side, w: side, H: scale * side, W: scale * side, T: given.context, texts: 2 };
    const panoramas = of === "window" ? [] : sizes;
    if (of === "panoramas" && sizes.length === 0)
      throw new RangeError(`${name}: got no size, want the panorama's by --width and --height; a window has no edge that continues`);
    return [
      ...(of === "panoramas" ? [] : [atSize(found, name, window)]),
      ...panoramas.map((size) => atSize(found, sizedName(name, size), { ...window, h: size.height / scale, w: size.width / scale })),
    ];
  });
}

function atSize(found: NetworkFunction, name: string, lengths: Lengths): ExportedFunction {
  const at = ({ name, datatype, shape }: FunctionTensor) => ({ name, datatype, shape: shapeAt(shape, lengths) });
  const { inputs, outputs } = found;
  return { name, program: found.program(), size: found.size(lengths), lengths, inputs: inputs.map(at), outputs: outputs.map(at) };
}

/** @throws CheckpointError for a function whose part the checkpoint lacks: reading the part says what to do */
function missing(name: ExportName, parts: OpenParts<StableDiffusionParts>): never {
  const part = name === "text" ? "text_encoder" : "perceptual";
  parts.part(part);
  throw new CheckpointError(parts.path, { expected: `${part}, which ${name} needs`, found: "a checkpoint without it" });
}

function expectTiles({ width, height }: PanoramaSize, scale: number): void {
  for (const [name, side] of Object.entries({ width, height })) {
    const below = Math.floor(side / scale) * scale;
    if (side % scale !== 0)
      throw new RangeError(
        `--${name} ${side}: want a multiple of ${scale} px, such as ${below === 0 ? scale : `${below} or ${below + scale}`}`,
      );
  }
}
