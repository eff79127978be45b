interface Point {
  x: number;
  y: number;
}

/** Corners of a path in absolute coordinates; a curve counts as the chord between its ends. */
function corners(d: string): Point[] {
  const points: Point[] = [];
  for (const [, command = '', list] of d.matchAll(/([MLQCZ])([^MLQCZ]*)/g)) {
    const n = (list?.match(/-?(?:\d*\.)?\d+(?:e[-+]?\d+)?/gi) ?? []).map(Number);
    const stride = { Q: 4, C: 6 }[command] ?? 2;
    for (let i = stride; i <= n.length; i += stride) points.push({ x: n[i - 2] ?? 0, y: n[i - 1] ?? 0 });
    if (command === 'Z' && points[0]) points.push(points[0]);
  }
  return points;
}

/** The point at `distance` along a path (its end when the path is shorter) and the length walked to there. */
export function alongPath(d: string, distance: number): { point: Point; length: number } {
  const points = corners(d);
  let point = points[0] ?? { x: 0, y: 0 };
  let length = 0;
  for (const next of points.slice(1)) {
    const step = Math.hypot(next.x - point.x, next.y - point.y);
    if (length + step > distance) {
      const share = Math.max(0, distance - length) / step;
      const between = (a: number, b: number) => a + share * (b - a);
      return { point: { x: between(point.x, next.x), y: between(point.y, next.y) }, length: distance };
    }
    length += step;
    point = next;
  }
  return { point, length };
}
