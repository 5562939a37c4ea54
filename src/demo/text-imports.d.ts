/** The demo's configuration is imported as text. */
declare module "*/demo.yaml" {
  const text: string;
  export default text;
}
