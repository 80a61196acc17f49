/** @file A training log as a small SVG: the loss, and whatever else was logged, over steps on a logarithmic axis. */

const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

/** @param csv a header (step,seconds,rate,rows,…) and rows of numbers */
export function lossPlot(title: string, csv: string): string {
  const [header, ...lines] = csv.trim().split("\n");
  const names = header.split(",");
  const rows = lines.map((line) => line.split(",").map(Number));
  const series = names.map((name, k) => ({ name, k })).filter(({ name }) => !["step", "seconds", "rate", "rows"].includes(name));
  const [width, height, left, bottom] = [720, 320, 60, 40];
  const lastStep = rows.at(-1)?.[0] ?? 1;
  const values = rows.flatMap((row) => series.map(({ k }) => row[k])).filter((v) => v > 0);
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  const x = (step: number) => left + ((width - left - 110) * step) / lastStep;
  const y = (value: number) => 24 + ((height - 24 - bottom) * (high - Math.log10(value))) / Math.max(1, high - low);
  const curves = series.map(({ name, k }, i) => {
    const points = rows.filter((row) => row[k] > 0).map((row) => `${x(row[0]).toFixed(1)},${y(row[k]).toFixed(1)}`);
    const colour = COLOURS[i % COLOURS.length];
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(" ")}"/><text x="${width - 100}" y="${40 + 16 * i}" fill="${colour}">${name}</text>`;
  });
  const grid = Array.from({ length: high - low + 1 }, (_, i) => {
    const at = y(10 ** (low + i)).toFixed(1);
    return `<line x1="${left}" x2="${width - 110}" y1="${at}" y2="${at}" stroke="#ccc"/><text x="${left - 6}" y="${at}" text-anchor="end" dy="4">1e${low + i}</text>`;
  });
  const style = "font: 12px sans-serif; background: white";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" style="${style}"><title>Training of ${title}</title><text x="${left}" y="16">${title}: ${lastStep} steps</text>${grid.join("")}${curves.join("")}<text x="${left}" y="${height - 12}">step 0</text><text x="${width - 110}" y="${height - 12}" text-anchor="end">${lastStep}</text></svg>\n`;
}
