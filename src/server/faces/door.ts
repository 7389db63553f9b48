/**
 * Who gets in at the faces that have one caller for all: whoever brings the token. Without a token, programs on this
 * machine: then a browser must not be talked into calling (a foreign page, or a name that was made to point here).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { refuse } from "./errors.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/;

export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares in a time that says nothing about either. */
export const isSameText = (one: string, other: string): boolean => timingSafeEqual(hashOf(one), hashOf(other));

/** @param token "" for none @throws Refusal face.token, face.foreign */
export const createDoor = (token: string) => (request: FastifyRequest) => {
  if (token === "") {
    // What it was sent to itself: X-Forwarded-Host is for who stands behind a proxy, and a page could write it.
    const { host = "", origin } = request.headers;
    const page = origin === undefined ? "" : hostOf(origin);
    if (!isLoopback(hostOf(`http://${host}`)) || !(page === "" || isLoopback(page))) throw refuse("face.foreign");
    return;
  }
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!isSameText(given, token)) throw refuse("face.token");
};
export type Door = ReturnType<typeof createDoor>;

const hostOf = (origin: string): string => URL.parse(origin)?.hostname ?? "null";
