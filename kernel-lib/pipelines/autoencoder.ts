/** @file The calls of an AutoencoderKL, for every pipeline that has one. */
import { expectShape } from "../core/tensor.js";
import type { Autoencoder, JacobianProducts } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import type { Part } from "../nets/parameters.js";
import { decodeProgram, encodeProgram, encodeSampleProgram, pullDecodeProgram, type VaeConfig } from "../nets/vae.js";
import { expectEqual } from "./expect-equal.js";

/** The programs of an autoencoder: an engine knows each by its name, so a model makes them once. */
export const autoencoderPrograms = (vae: Part<VaeConfig>) => ({
  decode: decodeProgram(vae),
  encode: encodeProgram(vae),
  sample: encodeSampleProgram(vae),
  pull: pullDecodeProgram(vae),
});
type AutoencoderPrograms = ReturnType<typeof autoencoderPrograms>;

/**
 * Decodes, encodes, and pulls cotangents of images back to latents.
 * @throws ShapeError or RangeError, from a call, for an image or a latent that does not fit
 */
export function autoencoder(
  engine: Engine,
  { latentChannels: channels, blockOutChannels }: VaeConfig,
  programs: AutoencoderPrograms,
): Autoencoder & Pick<JacobianProducts, "pullDecode"> {
  const scale = 2 ** (blockOutChannels.length - 1); // pixels per latent pixel
  return {
    async decode(latent, { edge = "open", batch, signal } = {}) {
      engine.expectOpen("decode");
      expectShape("decode", latent, ["N", channels, "h", "w"]);
      const [, , height, width] = latent.shape;
      return (await engine.call(programs.decode, { height, width, edge }, { rows: { latent } }, batch, signal)).image;
    },
    async encode(image, { edge = "open", noise, batch, signal } = {}) {
      engine.expectOpen("encode");
      expectShape("encode", image, ["N", 3, "H", "W"]);
      const [n, , H, W] = image.shape;
      if (H % scale || W % scale) throw new RangeError(`encode: got an image of ${H}×${W}, want multiples of ${scale}`);
      const size = { height: H / scale, width: W / scale, edge };
      if (!noise) return (await engine.call(programs.encode, size, { rows: { image } }, batch, signal)).latent;
      expectShape("encode: noise", noise, [n, channels, size.height, size.width], "give noise of the latent's shape");
      return (await engine.call(programs.sample, size, { rows: { image, noise } }, batch, signal)).latent;
    },
    async pullDecode(latent, { cotangent, edge = "open", batch, signal }) {
      engine.expectOpen("pullDecode");
      expectShape("pullDecode: latent", latent, ["N", channels, "h", "w"]);
      const [n, , height, width] = latent.shape;
      expectShape("pullDecode: cotangent", cotangent, [n, 3, scale * height, scale * width], "give one of the decoded image's shape");
      return (await engine.call(programs.pull, { height, width, edge }, { rows: { latent, cotangent } }, batch, signal)).pulled;
    },
  };
}

/**
 * Checks an autoencoder of RGB images, and that its latents are the U-Net's.
 * @throws CheckpointError where a key is missing, a shape is not its config's, or the two do not fit each other
 */
export function expectAutoencoderFits(
  vae: Part<VaeConfig>,
  unet: Part<{ readonly inChannels: number; readonly outChannels: number }>,
): void {
  const { latentChannels } = vae.config;
  expectEqual(unet.file, "in_channels", unet.config.inChannels, latentChannels, "the autoencoder's latent_channels");
  expectEqual(unet.file, "out_channels", unet.config.outChannels, latentChannels, "the autoencoder's latent_channels");
  expectEqual(vae.file, "in_channels", vae.config.inChannels, 3, "those of an RGB image");
  expectEqual(vae.file, "out_channels", vae.config.outChannels, 3, "those of an RGB image");
  // building a graph asks for every key with its shape
  decodeProgram(vae).graph({ height: 1, width: 1, edge: "open" }, 1);
}
