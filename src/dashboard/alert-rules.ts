import text from "./alerts.yaml" with { type: "text" };

/** The alert rules, as a rule file of Prometheus. */
export const alertRules = text;
