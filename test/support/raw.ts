/** Requests as they go over the wire, signed with an access key, without the client's own checks. */
import { utf8 } from "../../src/base/bytes.ts";
import { contentDigest, newNonce, signRequest } from "../../src/contract/http-signature.ts";
import type { TestPlatform } from "./in-process.ts";
import type { Account } from "./members.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Of a refusal; "" of everything else. */
  readonly code: string;
  readonly headers: Headers;
}

/** @param who undefined for nobody */
export const send = async (
  { url: base, clock }: Pick<TestPlatform, "url" | "clock">,
  who: Pick<Account, "credentials"> | undefined,
  {
    method = "GET",
    path,
    body,
    headers: more = {},
  }: { method?: string; path: string; body?: string; headers?: Record<string, string> },
): Promise<Answer> => {
  const url = base + path;
  const headers: Record<string, string> = {
    ...(body !== undefined && { "content-type": "application/json", "content-digest": contentDigest(utf8(body)) }),
    ...more,
  };
  if (who) {
    const { accessKeyId: id, accessKeySecret: secret } = who.credentials;
    Object.assign(
      headers,
      signRequest({ method, url, headers }, { id, secret }, clock.now(), method === "GET" ? undefined : newNonce()),
    );
  }
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  return { status: response.status, text, code: codeOf(text), headers: response.headers };
};

const codeOf = (text: string): string => /^\{"type":"urn:entente:error:([^"]*)"/.exec(text)?.[1] ?? "";
