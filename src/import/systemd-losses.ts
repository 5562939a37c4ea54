import type { UnitEntry } from "./unit-file.ts";

const families: readonly (readonly [keys: RegExp, text: string])[] = [
  [
    /^(?:Protect|Private|Restrict|ReadOnly|ReadWrite|Inaccessible|Exec(?:Paths|SearchPath)|NoExec|NoNewPrivileges|Capability|Ambient|SystemCall|Lock|Remove|Root|Mount|Bind|Temporary|SecureBits|Keyring|Delegate|SELinux|AppArmor|Smack|Device|IPAddress|Socket(?:Bind)|UMask|MemoryDeny|Personality|Network|User(?:Namespace)|Pam|PAM|LoadCredential|SetCredential|ImportCredential|ProcSubset|IgnoreSIGPIPE|NUMA|Coredump)/u,
    "fenced the service in; pm does not, so keep it in the unit that runs pm, which holds for all workers",
  ],
  [
    /^(?:CPU|Memory|IO|Block|Tasks|Limit|Nice|OOM|Slice|Startup|ManagedOOM|Timer)/u,
    "shared out or limited resources in a way of its own; pm does not, so keep it in the unit that runs pm, which holds for all workers",
  ],
  [
    /^(?:Runtime|State|Cache|Logs|Configuration)Directory/u,
    "made folders for the service; make them where you deploy, or keep it in the unit that runs pm",
  ],
];

/** What to say of a key that has no rule. */
export function withoutRule({ section, key }: UnitEntry): string {
  if (section === "Unit" && /^(?:Description|Documentation)$/u.test(key))
    return "described the unit; write a comment, or keep it in the unit that runs pm";
  if (section === "Unit" || section === "Install")
    return "was about the order and the time of starting; keep it in the unit that runs pm, which starts all consumers at the same time";
  const family = section === "Service" ? families.find(([keys]) => keys.test(key)) : undefined;
  return family?.[1] ?? "has no equal in pm; keep it in the unit that runs pm if that needs it";
}
