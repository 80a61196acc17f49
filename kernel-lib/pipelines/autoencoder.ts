/** @file The calls of an AutoencoderKL, for every pipeline that has one. */
import { expectShape } from "../core/tensor.js";
import type { Autoencoder } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import type { decodeProgram, encodeProgram } from "../nets/vae.js";

/** An autoencoder that is open. */
export interface OpenAutoencoder {
  readonly engine: Engine;
  readonly programs: { readonly decode: ReturnType<typeof decodeProgram>; readonly encode: ReturnType<typeof encodeProgram> };
  /** of the latent */
  readonly channels: number;
  /** pixels per latent pixel */
  readonly scale: number;
}

/** Decode and encode, their sizes checked. @throws ShapeError or RangeError, from a call, for an image or a latent that does not fit */
export const autoencoder = ({ engine, programs, channels, scale }: OpenAutoencoder): Autoencoder => ({
  async decode(latent, { edge = "open", batch } = {}) {
    engine.expectOpen("decode");
    expectShape("decode", latent, ["N", channels, "h", "w"]);
    const [, , height, width] = latent.shape;
    return (await engine.call(programs.decode, { height, width, edge }, { rows: { latent } }, batch)).image;
  },
  async encode(image, { batch } = {}) {
    engine.expectOpen("encode");
    expectShape("encode", image, ["N", 3, "H", "W"]);
    const [, , H, W] = image.shape;
    if (H % scale || W % scale) throw new RangeError(`encode: got an image of ${H}×${W}, want multiples of ${scale}`);
    return (await engine.call(programs.encode, { height: H / scale, width: W / scale }, { rows: { image } }, batch)).latent;
  },
});
