/** @file Amounts of bytes, in words. */

/** "5.18 GB", in units of 10^9. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
