/** A file of a form: chosen or dropped; what is wrong with it is said at the field, and it stays until another is chosen. */
import { Button } from "antd";
import "./content.css";
import { type DragEvent, useRef, useState } from "react";
import { useWords } from "../preferences.tsx";

export interface FileFieldProps {
  readonly id?: string;
  readonly value?: File | undefined;
  readonly onChange?: (file: File | undefined) => void;
  /** For the dialog of the system: `.pem`. */
  readonly accept: string;
  readonly hint: string;
  /** Of what is said below the field. */
  readonly "aria-describedby"?: string;
}

const units = ["B", "KB", "MB", "GB"] as const;
/** 20 MB is 20 × 2^20 bytes, as the seeds say it. */
export const sizeText = (bytes: number): string => {
  const power = Math.min(units.length - 1, bytes < 1_024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** power;
  return `${power === 0 || Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[power]}`;
};

export const FileField = ({ id, value, onChange, accept, hint, ...given }: FileFieldProps) => {
  const t = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (file: File | null | undefined) => file && onChange?.(file);
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a way beside the button
    <div
      className={over ? "file-field over" : "file-field"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <input
        ref={input}
        type="file"
        data-field={id}
        accept={accept}
        tabIndex={-1}
        style={{ display: "none" }}
        onChange={({ target }) => {
          take(target.files?.[0]);
          target.value = "";
        }}
      />
      {/* The label of the form is the button's: it is what the keyboard comes to. */}
      <Button aria-describedby={given["aria-describedby"]} id={id} onClick={() => input.current?.click()}>
        {value ? t("Choose another", "重新选择") : t("Choose a file", "选择文件")}
      </Button>
      {value ? (
        <>
          <span className="file-field-name" title={value.name}>
            {value.name}
          </span>
          <span className="muted">{sizeText(value.size)}</span>
          <Button type="text" size="small" onClick={() => onChange?.(undefined)}>
            {t("Remove", "移除")}
          </Button>
        </>
      ) : (
        <span className="muted">{hint}</span>
      )}
    </div>
  );
};

/** A rule over a file; what is thrown is said at the field. */
export const fileRule = (judge: (file: File) => Promise<string | undefined> | string | undefined) => ({
  async validator(_: unknown, file: File | undefined) {
    const said = file && (await judge(file));
    if (said !== undefined) throw new Error(said);
  },
});
