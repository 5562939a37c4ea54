/** The same work for all: warm workers of pm, workerpool and piscina. */
// oxlint-disable-next-line import/no-default-export -- piscina calls the default export
export default function double(value) {
  return value * 2;
}
