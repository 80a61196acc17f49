/**
 * @file `npm run docs`: the documentation as one static site in .work/docs. It needs no network and no server. `npm run docs -- --serve` shows it on
 * this computer and builds it again whenever a page changes; `--serve 4000` names the port.
 */

import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuild } from "../scripts/build.mjs";
import { ensureNode, ensurePackages } from "../scripts/ensure.mjs";
import { command, ROOT } from "../scripts/paths.mjs";

await command(async () => {
  ensureNode();
  ensurePackages();
  ensureBuild();
  const { buildSite } = await import("./build-site.mjs"); // reads dist/
  const begun = Date.now();
  const { pages, out } = await buildSite();
  const page = join(out, "index.html");
  console.log(`${pages} pages in ${relative(ROOT, out)}, ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  console.log(`Open ${pathToFileURL(page).href}`);
  console.log(`or put the folder on any file server, under any path.`);
  const [word, port = "8090"] = process.argv.slice(2);
  if (word === "--serve") {
    const { serve } = await import("./serve.mjs");
    await serve(out, Number(port));
  }
});
