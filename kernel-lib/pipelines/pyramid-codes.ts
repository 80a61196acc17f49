/** @file The calls of an MS-VQGAN: pictures to a pyramid of codes and back. */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { PyramidModel, ScaleCodes } from "../diffusion/pyramid-model.js";
import type { Engine } from "../engine/engine.js";
import { decodePyramidProgram, encodePyramidProgram, pixelsPerLatent, quantiseProgram } from "../nets/frido-programs.js";
import type { MsVqganConfig } from "../nets/ms-vqgan-config.js";
import type { Part } from "../nets/parameters.js";

/**
 * Pictures to codes and back.
 * @throws ShapeError or RangeError, from a call, for an image or a latent that does not fit
 */
export function pyramidCodes(engine: Engine, part: Part<MsVqganConfig>): Pick<PyramidModel, "encode" | "decode" | "quantise"> {
  const programs = { encode: encodePyramidProgram(part), decode: decodePyramidProgram(part), quantise: quantiseProgram(part) };
  const [latentChannels, scaleFactor] = [part.config.codes.length * part.config.codeChannels, pixelsPerLatent(part.config)];
  const scales = part.config.codes.length;
  const multiple = 2 ** (part.config.encoder.channels.length - 1);
  const codesOf = (found: Readonly<Record<string, Tensor>>, sides: (s: number) => readonly [number, number]): ScaleCodes[] =>
    part.config.codes.map((_, s) => {
      const { data, shape } = found[`codes${s}`];
      return { data: Int32Array.from(data), shape: [shape[0], ...sides(s)] };
    });
  return {
    async encode(image, { batch } = {}) {
      engine.expectOpen("encode");
      expectShape("encode", image, ["N", 3, "H", "W"]);
      const [, , H, W] = image.shape;
      if (H % multiple || W % multiple) throw new RangeError(`encode: got an image of ${H}×${W}, want multiples of ${multiple}`);
      const [height, width] = [H / scaleFactor, W / scaleFactor];
      const found = await engine.call(programs.encode, { height, width }, { rows: { image } }, batch);
      const side = (s: number) => 2 ** (scales - 1 - s);
      return { latent: found.latent, codes: codesOf(found, (s) => [height / side(s), width / side(s)]) };
    },
    async decode(latent, { batch } = {}) {
      engine.expectOpen("decode");
      expectShape("decode", latent, ["N", latentChannels, "h", "w"]);
      const [, , height, width] = latent.shape;
      const found = await engine.call(programs.decode, { height, width }, { rows: { latent } }, batch);
      return { image: found.image, codes: codesOf(found, () => [height, width]) };
    },
    async quantise(latent) {
      engine.expectOpen("quantise");
      expectShape("quantise", latent, ["N", latentChannels, "h", "w"]);
      const [, , height, width] = latent.shape;
      return (await engine.call(programs.quantise, { height, width }, { rows: { latent } })).quantised;
    },
  };
}
