/** @file `npm run pack`: a fresh build, then veduta-VERSION.tgz. (Hooks are off in this repository, so npm pack alone would not build.) */
import { command, ensureBuild, ensureNode, ensurePackages, npm } from "./ensure.mjs";

await command(async () => {
  ensureNode();
  ensurePackages();
  await ensureBuild();
  npm(["pack", ...process.argv.slice(2)]);
});
