/** Why something did not come. */

/** What the server says, in English and in Chinese. */
export interface Said {
  message: string;
  message_zh?: string;
}

export interface Failure extends Said {
  code: string;
}

/** Why something did not come, out of a message that says more. */
export function failureIn({ code, message, message_zh }: Failure): Failure {
  return { code, message, message_zh };
}

/** What the server says as the values of a string, by language. */
export function saidBoth({ message, message_zh }: Said) {
  return { en: message, zh: message_zh || message };
}
