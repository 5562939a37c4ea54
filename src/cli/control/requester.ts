import { readFileSync } from "node:fs";
import { visible } from "../../core/farm/log-text.ts";

/** As pm takes it. */
const maxLength = 100;

/** Who is at the keyboard, for the trail of events: whoever ran sudo, else the user of this process. Others may say what they like. */
export function requester(): string {
  const { SUDO_USER, USER } = process.env;
  const uid = process.getuid?.() ?? -1;
  // os.userInfo() of Bun knows no more than $USER; that comes last, for accounts that are not in the file.
  return requesterOf({ sudoUser: SUDO_USER ?? "", uid, accounts: readAccounts(), user: USER ?? "" });
}

/** The name for all of this; `accounts` is the text of /etc/passwd. */
export function requesterOf(of: {
  readonly sudoUser: string;
  readonly uid: number;
  readonly accounts: string;
  readonly user: string;
}): string {
  const account = of.accounts.split("\n").find((line) => line.split(":")[2] === String(of.uid));
  const names = [of.sudoUser, account?.split(":")[0] ?? "", of.user];
  return visible(names.find((name) => name !== "") ?? `uid ${of.uid}`).slice(0, maxLength);
}

function readAccounts(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
