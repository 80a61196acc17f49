/** @file The view follows the orientation of a phone or tablet. W3C Device Orientation: angles Z-X′-Y″, world east-north-up. */

import { degrees, radians } from "../../kernel-lib/panorama/angles.js";
import type { Core } from "./core.js";
import { iconButton } from "./dom.js";
import { TEXTS } from "./texts.js";

interface Held {
  readonly heading: number;
  readonly pitch: number;
  readonly roll: number;
}

/** The direction of a device's back. @param screenTurn the rotation of the screen; all angles in degrees */
export function heldView(alpha: number, beta: number, gamma: number, screenTurn: number): Held {
  const [a, b, c, t] = [alpha, beta, gamma, screenTurn].map(radians);
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  const right = [ca * cc - sa * sb * sc, cc * sa + ca * sb * sc, -cb * sc]; // the device's right, in the world
  const up = [-cb * sa, ca * cb, sb];
  const ahead = [-(cc * sa * sb + ca * sc), -(sa * sc - ca * cc * sb), -cb * cc];
  const top = up.map((x, k) => x * Math.cos(t) + right[k] * Math.sin(t)); // the screen's up, in the world
  const flat = Math.hypot(ahead[0], ahead[1]);
  const level = flat < 1e-6 ? [1, 0, 0] : [ahead[1] / flat, -ahead[0] / flat, 0];
  const above = [level[1] * ahead[2], -level[0] * ahead[2], level[0] * ahead[1] - level[1] * ahead[0]]; // level × ahead
  const dot = (u: number[], v: number[]) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  return {
    heading: degrees(Math.atan2(ahead[0], ahead[1])),
    pitch: degrees(Math.atan2(ahead[2], flat)),
    roll: degrees(Math.atan2(dot(top, level), dot(top, above))),
  };
}

type Asking = typeof DeviceOrientationEvent & { requestPermission?: () => Promise<"granted" | "denied"> };

/** Adds the button that makes the view follow the device. */
export function deviceTool(core: Core): void {
  if (!("DeviceOrientationEvent" in globalThis) || !matchMedia("(pointer: coarse)").matches) return;
  let following: AbortController | undefined;
  const stop = () => {
    following?.abort();
    following = undefined;
    button.ariaPressed = "false";
    if (core.state().roll !== 0) core.set({ roll: 0 });
  };
  const start = async () => {
    const answer = await (DeviceOrientationEvent as Asking).requestPermission?.().catch(() => "denied");
    if (answer === "denied") return core.say(TEXTS.denied);
    const [stopping, begun] = [new AbortController(), core.state().heading];
    following = stopping;
    button.ariaPressed = "true";
    let first: number | undefined;
    const follow = ({ alpha, beta, gamma }: DeviceOrientationEvent) => {
      if (alpha === null || beta === null || gamma === null) return;
      const held = heldView(alpha, beta, gamma, screen.orientation?.angle ?? 0);
      first ??= held.heading;
      core.set({ ...held, heading: begun + held.heading - first });
    };
    addEventListener("deviceorientation", follow, { signal: AbortSignal.any([stopping.signal, core.signal]) });
  };
  const button = iconButton("device", TEXTS.device, () => {
    if (following) stop();
    else void start();
  });
  button.ariaPressed = "false";
  core.tools.prepend(button);
  core.onInput(() => following && stop());
}
