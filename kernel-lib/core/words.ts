/** @file Formats numbers, byte counts and times. */

/** Formats a number with three significant digits. */
export const short = (x: number): string =>
  x === 0 ? "0" : Math.abs(x) >= 1000 || Math.abs(x) < 1e-3 ? x.toExponential(1) : String(Number(x.toPrecision(3)));

const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** Formats a number of things: 1 step, 2 steps. @param what one of them, whose plural ends in s */
export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Formats bytes in decimal units: 812 B, 7.29 kB, 5.16 GB. */
export function bytesInWords(bytes: number): string {
  const [unit, one] = UNITS.find(([, least]) => bytes >= least) ?? ["B", 1];
  const value = bytes / one;
  return `${value.toFixed(one === 1 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

/** Formats seconds: 1.2 s, 3 min 20 s, 1 h 5 min. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return `${short(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
};

/** Formats milliseconds as minutes and seconds, rounded up: 0:07, 12:40, 1:02:05. */
export function clock(milliseconds: number): string {
  const all = Math.ceil(milliseconds / 1000);
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
