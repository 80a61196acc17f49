/** @file A QR code as a condition, as ControlNets for QR codes see it. */
import { encode } from "uqr";
import { type Tensor, tensor } from "../core/tensor.js";

/** Options of `qrCode`. */
export interface QrCodeOptions {
  /** of the picture, in pixels */
  readonly width: number;
  readonly height: number;
  /** pixels of a module's side; default the largest at which the code fits with a border of two modules */
  readonly module?: number;
  /** place of the code's left edge, in pixels; default in the middle */
  readonly left?: number;
}

/** Of the code, in modules. */
const BORDER = 2;

/**
 * Draws a QR code at the highest level of error correction (30 %), dark modules 0 on light ones 1; what lies around it is grey, 1/2, which asks for nothing.
 * @param text what a reader of the code gets
 * @returns [1,1,H,W]
 * @throws RangeError for a picture that is too small for the code, a left edge at which it does not fit, or a text that is too long for any code
 */
export function qrCode(text: string, { width, height, module, left }: QrCodeOptions): Tensor {
  const { data: modules } = encode(text, { ecc: "H", border: BORDER });
  const side = modules.length;
  const size = module ?? Math.floor(Math.min(width, height) / side);
  const [x0, y0] = [left ?? Math.floor((width - size * side) / 2), Math.floor((height - size * side) / 2)];
  if (!(Number.isInteger(size) && size >= 1 && y0 >= 0 && Number.isInteger(x0) && x0 >= 0 && x0 + size * side <= width))
    throw new RangeError(
      `qrCode: got ${width} × ${height} px, modules of ${size} px from column ${x0}, want room for ${side} × ${side} modules; make the picture larger or the text shorter`,
    );
  const picture = new Float32Array(width * height).fill(0.5);
  for (let y = 0; y < size * side; y++)
    for (let x = 0; x < size * side; x++) picture[(y0 + y) * width + x0 + x] = modules[Math.floor(y / size)][Math.floor(x / size)] ? 0 : 1;
  return tensor(picture, [1, 1, height, width]);
}
