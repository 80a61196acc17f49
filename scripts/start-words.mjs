/** @file What `npm start` paints: arguments to `veduta paint` from its own. */

/** What it paints unless arguments say otherwise. */
const STANDARD = { prompt: "mountains", method: "sync", seed: "3", width: "768" };

/**
 * The words of `veduta paint`. A first argument that is no flag is the prompt; the folder is named after prompt, method and seed, so that one picture
 * does not replace another.
 * @param {readonly string[]} given what stands after `npm start --`
 * @returns {{ words: string[], folder: string | undefined }} the folder that it chose; undefined where --out names one
 */
export function startWords(given) {
  const [first] = given;
  const prompt = first !== undefined && !first.startsWith("-") ? first : STANDARD.prompt;
  const flags = prompt === first ? given.slice(1) : given;
  const flagValue = (/** @type {string} */ name) => {
    const at = flags.findIndex((word) => word === name || word.startsWith(`${name}=`));
    return at < 0 ? undefined : flags[at].includes("=") ? flags[at].slice(name.length + 1) : flags[at + 1];
  };
  const method = flagValue("--method") ?? STANDARD.method;
  const seed = flagValue("--seed") ?? STANDARD.seed;
  const slug = prompt
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  const folder =
    flagValue("--out") === undefined ? `veduta-out/${[slug, method, seed].filter((part) => part !== "").join("-")}` : undefined;
  const standard = ["--method", method, "--width", STANDARD.width, "--loop", "--seed", seed];
  return { words: ["paint", prompt, ...standard, ...(folder ? ["--out", folder] : []), ...flags], folder };
}
