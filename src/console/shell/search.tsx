/** Search by id: what the letters before say, opens; `/` comes here from anywhere. */
import { Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useWords } from "../preferences.tsx";

/** Where an id of that kind is shown. */
const PLACES: readonly (readonly [pattern: RegExp, place: (id: string) => string])[] = [
  [/^M\d{10,}$/, (id) => `/models/${id}`],
  [/^D\d{10,}$/, (id) => `/sources/${id}`],
  [/^T\d{10,}$/, (id) => `/tasks/${id}`],
  [/^K\d{10,}$/, (id) => `/keys/${id}`],
  [/^G\d{10,}$/, (id) => `/key-groups/${id}`],
  [/^R\d{10,}$/, (id) => `/key-requests/${id}`],
  [/^[0-9a-f]{64}$/, (id) => `/ledger?search=${id}`],
  [/^\d{1,9}$/, (id) => `/ledger/${id}`],
];

export const placeOf = (words: string): string => {
  const id = words.trim();
  const [, place] = PLACES.find(([pattern]) => pattern.test(id)) ?? [];
  return place ? place(id) : `/search?q=${encodeURIComponent(id)}`;
};

export const Search = () => {
  const t = useWords();
  const go = useNavigate();
  const input = useRef<InputRef>(null);
  const [words, setWords] = useState("");
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest("input,textarea,select,[contenteditable]");
      if (event.key !== "/" || typing) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <Input
      ref={input}
      className="wide-only"
      value={words}
      onChange={({ target }) => setWords(target.value)}
      onPressEnter={() => words.trim() && void go(placeOf(words))}
      placeholder={t("Search by ID, hash or name", "搜索：编号、哈希、名称")}
      aria-label={t("Search", "搜索")}
      suffix={<kbd className="muted">/</kbd>}
      style={{ width: 280 }}
      allowClear
    />
  );
};
