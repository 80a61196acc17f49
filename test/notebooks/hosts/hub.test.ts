/** JupyterHub: two students at once, each with a server and a kernel of one's own. */
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Hub, missing, startHub } from "./hub-server.js";
import { type Student, startStudent } from "./hub-student.js";

const NAMES = ["ada", "ben"];
const SEEDS = [7, 8];

describe.skipIf(missing !== "")(`JupyterHub${missing}`, () => {
  let folder: string;
  let hub: Hub;
  let students: Student[];
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "veduta-hub-")));
    hub = await startHub(folder);
    students = await Promise.all(NAMES.map((name) => startStudent(hub, name)));
  });
  afterAll(async () => {
    for (const student of students ?? []) student.leave();
    await hub?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const both = (code: (k: number) => string) => Promise.all(students.map((student, k) => student.cell(code(k))));

  test("two students at once get their own numbers, from a library that their folders do not hold", async () => {
    const seen = await both(
      (k) => `import { createRng, randn } from "veduta";\nconst seed = ${SEEDS[k]};\nconsole.log(...randn(createRng(seed), [1, 3]).data);`,
    );
    const wanted = SEEDS.map((seed) => `${randn(createRng(seed), [1, 3]).data.join(" ")}\n`);
    expect(seen.map(({ status, printed }) => [status, printed])).toEqual(wanted.map((text) => ["ok", text]));
  });

  test("each runs the bundled model and keeps its picture in a folder of its own", async () => {
    const run = `import { encodePng, multiDiffusion, openModel, track } from "veduta";
import { writeFileSync } from "node:fs";
const model = await openModel();
const { panorama } = await track(multiDiffusion(model, { prompt: "hills", width: 384, steps: 2, seed }));
await model.close();
writeFileSync(\`panorama-\${seed}.png\`, await encodePng(panorama));
console.log(process.cwd());`;
    const seen = await both(() => run);
    expect(seen.map(({ status, printed }) => [status, printed])).toEqual(NAMES.map((name) => ["ok", `${join(folder, name)}\n`]));
    const pictures = NAMES.map((name) => readdirSync(join(folder, name)).filter((file) => file.endsWith(".png")));
    expect(pictures).toEqual([["panorama-7.png"], ["panorama-8.png"]]);
  });

  test("one's stop button ends one's own loop, keeps one's names, and leaves the other's cell running", async () => {
    const [ada, ben] = students;
    const begun = (student: Student, code: string) => {
      let running: ReturnType<Student["cell"]> | undefined;
      const started = new Promise<void>((resolve) => {
        running = student.cell(code, (printed) => printed.includes("begun") && resolve());
      });
      return { started, ended: () => running as ReturnType<Student["cell"]> };
    };
    const waits = begun(
      ben,
      'import { existsSync } from "node:fs";\nconsole.log("begun");\nwhile (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 50));\nconsole.log("went on");',
    );
    const loops = begun(ada, 'console.log("begun");\nfor (;;);');
    await Promise.all([waits.started, loops.started]);
    await ada.interrupt();
    expect(await loops.ended()).toMatchObject({ status: "error", ename: "Interrupted" });
    expect(await ada.cell("console.log(seed);")).toMatchObject({ status: "ok", printed: "7\n" });
    writeFileSync(join(folder, "ben", "go"), "");
    expect(await waits.ended()).toMatchObject({ status: "ok", printed: "begun\nwent on\n" });
  });
});
