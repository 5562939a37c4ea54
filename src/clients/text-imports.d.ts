/** The files that pm prints are imported as text. */
declare module "*.php" {
  const text: string;
  export default text;
}

declare module "*.py" {
  const text: string;
  export default text;
}

declare module "*/pm-client.mjs" {
  const text: string;
  export default text;
}

declare module "*/pm-tasks.mjs" {
  const text: string;
  export default text;
}

declare module "*/pm-task-streams.mjs" {
  const text: string;
  export default text;
}
