/** What `npm start` hands to `veduta paint`. */
import { expect, test } from "vitest";
import { startWords } from "../../scripts/start-words.mjs";

const said = (...given: string[]) => startWords(given).words.join(" ");

test("without arguments it paints the standard panorama, into a folder named after it", () => {
  expect(said()).toBe("paint mountains --method sync --width 768 --loop --seed 3 --out veduta-out/mountains-sync-3");
});

test("a first argument that is no flag is the prompt; flags come after the standard ones, and name the folder", () => {
  expect(said("sea")).toBe("paint sea --method sync --width 768 --loop --seed 3 --out veduta-out/sea-sync-3");
  expect(said("a City, at night!", "--seed", "8", "--no-loop")).toBe(
    "paint a City, at night! --method sync --width 768 --loop --seed 8 --out veduta-out/a-city-at-night-sync-8 --seed 8 --no-loop",
  );
  expect(startWords(["--method=multi"]).folder).toBe("veduta-out/mountains-multi-3");
  expect(startWords(["../../x", "--seed", "1"]).folder).toBe("veduta-out/x-sync-1");
});

test("--out names the folder", () => {
  expect(startWords(["hills", "--out", "here"])).toEqual({
    words: "paint hills --method sync --width 768 --loop --seed 3 --out here".split(" "),
    folder: undefined,
  });
});
