/** @file What the kernel says of itself. */
import { createRequire } from "node:module";
import type { Json } from "../../ipynb/message.js";

/** The version of the compiler of cells. */
const { version: TYPESCRIPT } = createRequire(import.meta.url)("typescript/package.json") as { version: string };

/** The content of a kernel_info_reply. @param version of this package */
export const kernelInfo = (version: string): Json => ({
  status: "ok",
  protocol_version: "5.3",
  implementation: "veduta",
  implementation_version: version,
  language_info: {
    name: "typescript",
    version: TYPESCRIPT,
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    codemirror_mode: { name: "javascript", typescript: true },
    nbconvert_exporter: "script",
  },
  banner: `Veduta ${version}: TypeScript for joint-diffusion panoramas`,
  help_links: [],
  debugger: false,
  supported_features: [],
});
