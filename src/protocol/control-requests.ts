import * as v from "valibot";

/**
 * What may stand in a request to the control socket. The bodies and queries are checked by these, and the OpenAPI document is made of
 * them. Members that are not given are null, but for those with a default.
 */

const oneLine = (most: number) =>
  v.pipe(
    v.string("must be a text"),
    v.nonEmpty("must not be empty"),
    v.maxLength(most, `must have at most ${most} characters`),
    v.regex(/^[^\p{Cc}]*$/u, "must be one line without control characters"),
  );
const whole = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.safeInteger(message), v.minValue(least, message), v.maxValue(most, message));
};
const flag = v.boolean("must be true or false");

const said = {
  by: v.nullish(v.pipe(oneLine(100), v.description("Who acts; shown by pm events.")), "somebody"),
  reason: v.nullish(v.pipe(oneLine(500), v.description("Why; shown by pm events.")), null),
};
const operation = {
  ...said,
  wait: v.nullish(v.pipe(flag, v.description("False: answer as soon as it has begun.")), true),
};
const largestSlot = 999_999;
const slot = v.nullish(v.pipe(whole(0, largestSlot), v.description("One worker; all without it.")), null);

/** start, stop, pause, resume */
export const slotBody = v.strictObject({ slot, ...operation });
export const restartBody = v.strictObject({
  slot,
  rolling: v.nullish(v.pipe(flag, v.description("A few at a time, each gated on readiness.")), false),
  max_unavailable: v.nullish(v.pipe(whole(1, largestSlot), v.description("rolling: so many at a time; 1.")), null),
  ...operation,
});
export const scaleBody = v.strictObject({
  size: v.nullish(v.pipe(whole(0, largestSlot), v.description("Holds until auto gives it back.")), null),
  auto: v.nullish(v.pipe(flag, v.description("Gives the size back to the autoscaler, or the file.")), false),
  ...operation,
});
export const signalBody = v.strictObject({
  slot,
  signal: v.pipe(oneLine(20), v.description("A name, with or without SIG.")),
  group: v.nullish(v.pipe(flag, v.description("To the whole process group.")), false),
  ...operation,
});
export const reloadBody = v.strictObject({
  plan: v.nullish(v.pipe(flag, v.description("Only say what would change.")), false),
  ...said,
});
export const shutdownBody = v.strictObject(said);

/** In a query everything is text. */
const wholeText = (most: number) => {
  const message = `must be a whole number from 0 to ${most}`;
  return v.pipe(
    v.string(message),
    v.regex(/^\d{1,9}$/u, message),
    v.transform(Number),
    v.maxValue(most, message),
    v.metadata({ schema: { type: "integer", minimum: 0, maximum: most } }),
  );
};
const flagText = v.pipe(
  v.picklist(["0", "1", "false", "true"], "must be 1 or 0"),
  v.transform((text) => text === "1" || text === "true"),
  v.metadata({ schema: { enum: ["0", "1", "false", "true"] } }),
);
const consumer = v.nullish(v.pipe(v.string(), v.description("Only what concerns this consumer.")), null);
const recent = v.nullish(
  v.pipe(wholeText(100_000), v.description("At most so many of what is there already; 100.")),
  "100",
);
const follow = v.nullish(v.pipe(flagText, v.description("Go on with what comes.")), "0");

export const noQuery = v.strictObject({});
export const statusQuery = v.strictObject({ consumer });
export const eventsQuery = v.strictObject({ consumer, n: recent, follow });
export const logsQuery = v.strictObject({
  consumer,
  slot: v.nullish(wholeText(largestSlot), null),
  worker: v.nullish(wholeText(999_999_999), null),
  stream: v.nullish(v.picklist(["stdout", "stderr"], "must be stdout or stderr"), null),
  level: v.nullish(
    v.pipe(
      v.picklist(["debug", "info", "warning", "error"], "must be debug, info, warning or error"),
      v.description("This level and all above it."),
    ),
    null,
  ),
  n: recent,
  follow,
});
