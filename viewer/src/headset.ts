/** @file WebXR headsets: the panorama around both eyes, one ray per pixel. It has no depth, so both eyes see it from the same centre. */

import { degrees, radians } from "../../kernel-lib/panorama/angles.js";
import type { Axes } from "./camera.js";
import type { Core } from "./core.js";
import { iconButton } from "./dom.js";
import type { Eye } from "./renderer.js";
import { TEXTS } from "./texts.js";

/** Adds the button if a headset is connected; removes it when the headset is disconnected. */
export function headsetTool(core: Core): void {
  const { xr } = navigator;
  if (!xr) return;
  let session: XRSession | undefined;
  const button = iconButton("headset", TEXTS.enter, () => void (session ? session.end() : enter()));
  button.hidden = true;
  core.tools.append(button);
  const name = (label: string) => {
    button.title = button.ariaLabel = label;
  };
  const enter = async () => {
    core.input();
    try {
      const begun = await xr.requestSession("immersive-vr");
      session = begun;
      name(TEXTS.leave);
      begun.addEventListener("end", () => {
        session = undefined;
        name(TEXTS.enter);
        core.ask(); // redraws the page as it was before
      });
      await show(core, begun);
    } catch (error) {
      core.say(TEXTS.noHeadset((error as Error).message));
      await session?.end();
    }
  };
  const find = async () => {
    button.hidden = !(await xr.isSessionSupported("immersive-vr").catch(() => false));
  };
  xr.addEventListener("devicechange", () => void find(), { signal: core.signal });
  core.signal.addEventListener("abort", () => void session?.end());
  void find();
}

/** Draws until the session ends. The head's first direction shows the page's view. */
async function show(core: Core, session: XRSession): Promise<void> {
  const { context, drawEyes } = core.renderer;
  await context.makeXRCompatible();
  const layer = new XRWebGLLayer(session, context, { alpha: false, antialias: false, depth: false, stencil: false });
  await session.updateRenderState({ baseLayer: layer });
  const space = await session.requestReferenceSpace("local");
  let first: number | undefined;
  const draw = (_time: number, frame: XRFrame) => {
    session.requestAnimationFrame(draw);
    const state = core.state();
    const pose = frame.getViewerPose(space);
    const scene = core.scene(0, state);
    if (!scene) core.load({ ...state, compare: null }).catch((error: Error) => core.say(TEXTS.noHeadset(error.message)));
    if (!pose || !scene) return;
    first ??= headingOf(pose.transform.matrix);
    const turn = state.heading - first;
    const eyes = pose.views.flatMap((view): Eye[] => {
      const viewport = layer.getViewport(view);
      return viewport ? [{ viewport, lens: lensOf(view.projectionMatrix), axes: axesOf(view.transform.matrix, turn) }] : [];
    });
    drawEyes(scene, layer, eyes);
  };
  session.requestAnimationFrame(draw);
}

/** The lens of a column-major projection matrix, whose middle may be shifted: (x, y) of the viewport is (x·a + c, y·b + d) at distance 1. */
const lensOf = (m: Float32Array): Eye["lens"] => [1 / m[0], 1 / m[5], m[8] / m[0], m[9] / m[5]];

/** The heading of a pose matrix: degrees to the right of −z, WebXR's forward direction. */
const headingOf = (m: Float32Array): number => degrees(Math.atan2(-m[8], m[10]));

/** The axes of an eye's column-major matrix, whose z points backwards in WebXR, turned to the right by degrees. */
function axesOf(m: Float32Array, turn: number): Axes {
  const [c, s] = [Math.cos(radians(turn)), Math.sin(radians(turn))];
  const columns = [
    [m[0], m[1], -m[2]],
    [m[4], m[5], -m[6]],
    [-m[8], -m[9], m[10]],
  ].map(([x, y, z]) => [x * c + z * s, y, z * c - x * s]);
  const row = (k: number) => [columns[0][k], columns[1][k], columns[2][k]] as const;
  return [row(0), row(1), row(2)];
}
