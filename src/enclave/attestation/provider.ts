/** The attesting half of a provider: one folder or file, one line in the registry. */

export interface AttestationProvider {
  readonly id: string;
  /** Evidence that carries `reportData` (64 bytes, hex) and speaks of the program with `measurement` (SHA-384, hex). */
  evidence(reportData: string, measurement: string): Promise<string>;
  /** 32 bytes that only the program with this measurement on this machine can have. */
  sealingKey(measurement: string): Promise<Uint8Array>;
  /** Never goes back. Guards sealed state against an older copy of itself. */
  readonly counter: {
    read(): Promise<number>;
    /** Durable when it resolves. */
    set(value: number): Promise<void>;
  };
}
