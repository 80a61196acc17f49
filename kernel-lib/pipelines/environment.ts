/** @file What the environment says of a model where options do not: for a class, whose lessons name neither. */
import { DEVICE_CHOICES, type DeviceChoice } from "../engine/device.js";

/** Defaults of `openModel` from the environment. */
export interface ModelEnvironment {
  /** VEDUTA_MODEL: what `openModel` takes */
  readonly model?: string;
  /** VEDUTA_TOKEN: of the server of a model on another machine */
  readonly token?: string;
  /** VEDUTA_DEVICE */
  readonly device?: DeviceChoice;
  /** VEDUTA_THREADS: of the CPU */
  readonly threads?: number;
  /** VEDUTA_BATCH: rows that one network call takes at most, where a call does not say */
  readonly batch?: number;
}

/** Reads the variables; an empty one counts as absent. @throws RangeError for a value that is none */
export function modelEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): ModelEnvironment {
  const { VEDUTA_MODEL: model, VEDUTA_TOKEN: token, VEDUTA_DEVICE: device } = env;
  if (device && !(DEVICE_CHOICES as readonly string[]).includes(device))
    throw new RangeError(`VEDUTA_DEVICE=${device}: want ${DEVICE_CHOICES.join(", ")}`);
  const [threads, batch] = [wholeIn(env, "VEDUTA_THREADS"), wholeIn(env, "VEDUTA_BATCH")];
  return {
    ...(model && { model }),
    ...(token && { token }),
    ...(device && { device: device as DeviceChoice }),
    ...(threads && { threads }),
    ...(batch && { batch }),
  };
}

function wholeIn(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const word = env[name];
  if (!word) return undefined;
  const value = Number(word);
  if (!/^\d+$/.test(word) || !Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name}=${word}: want a whole number >= 1`);
  return value;
}
