/** The alert rules are printed as they stand. */
declare module "*/alerts.yaml" {
  const text: string;
  export default text;
}
