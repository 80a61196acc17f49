/** @file `npm run pack`: a fresh build, then veduta-VERSION.tgz. (Hooks are off in this repository, so npm pack alone would not build.) */
import { ensureBuild } from "./build.mjs";
import { ensureNode, ensurePackages, npm } from "./ensure.mjs";
import { command } from "./paths.mjs";

await command(async () => {
  ensureNode();
  ensurePackages();
  ensureBuild();
  npm(["pack", ...process.argv.slice(2)]);
});
