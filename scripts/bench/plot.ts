/** Points of one curve, by ascending `x`. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly Curve[];
}

const [width, height, left, right, top, bottom] = [640, 360, 70, 20, 40, 50];
const colours = ["#2563eb", "#9ca3af", "#d97706", "#059669", "#dc2626"];

/** The plot as SVG: `x` by its logarithm, `y` from 0, so that what stays flat looks flat. Values that are no numbers are left out. */
export function renderSvg({ title, xLabel, yLabel, curves }: Plot): string {
  const shown = curves.map(({ name, points }) => ({
    name,
    points: points.filter(({ x, y }) => x > 0 && Number.isFinite(y)),
  }));
  const all = shown.flatMap(({ points }) => points);
  const ticks = [...new Set(all.map(({ x }) => x))].toSorted((a, b) => a - b);
  const [low = 1, high = 1] = [ticks[0], ticks.at(-1)];
  const step = niceStep(Math.max(...all.map(({ y }) => y), 0) / 4);
  const atX = (x: number): number =>
    round(left + (high === low ? 0 : Math.log(x / low) / Math.log(high / low)) * (width - left - right));
  const atY = (y: number): number => round(height - bottom - (y / (5 * step)) * (height - top - bottom));
  const lines = [0, 1, 2, 3, 4, 5].map((count) => {
    const y = atY(count * step);
    const line = `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="#e5e7eb"/>`;
    return `${line}<text x="${left - 6}" y="${y + 4}" text-anchor="end">${Number((count * step).toPrecision(6))}</text>`;
  });
  const marks = ticks.map((x) => `<text x="${atX(x)}" y="${height - bottom + 18}" text-anchor="middle">${x}</text>`);
  const drawn = shown.map(({ name, points }, index) => {
    const colour = colours[index % colours.length] ?? "";
    const path = points.map(({ x, y }) => `${atX(x)},${atY(y)}`).join(" ");
    const dots = points.map(({ x, y }) => `<circle cx="${atX(x)}" cy="${atY(y)}" r="3" fill="${colour}"/>`).join("");
    const label = `<text x="${left + 10 + index * 130}" y="${top - 6}" fill="${colour}">${escaped(name)}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="18" font-size="14">${escaped(title)}: ${escaped(yLabel)}</text>`,
    ...lines,
    ...marks,
    `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">${escaped(xLabel)}</text>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** The least of 1, 2, 5, 10, 20 … that is no less than `least`; 1 when that is no positive number. */
export function niceStep(least: number): number {
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
