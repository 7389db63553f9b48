/** What a database administrator runs, for guides and the console to show. Names in angle brackets are to be filled in. */

/** A user who can read one table and nothing else, and only over TLS. */
export const READ_ONLY_USER = `CREATE USER '<user>'@'<address of the enclave>' IDENTIFIED BY '<password>' REQUIRE SSL;
GRANT SELECT ON \`<database>\`.\`<table>\` TO '<user>'@'<address of the enclave>';
-- and on the metadata table, where there is one:
GRANT SELECT ON \`<database>\`.\`<metadata table>\` TO '<user>'@'<address of the enclave>';
`;

/** The receiver's table, and a user who can add results to it, change none and delete none. */
export const DESTINATION = `CREATE TABLE \`<database>\`.\`<table>\` (
  task CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part INT UNSIGNED NOT NULL,
  parts INT UNSIGNED NOT NULL,
  digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content LONGBLOB NOT NULL,
  PRIMARY KEY (task, part)
) ENGINE = InnoDB;
CREATE USER '<user>'@'<address of the enclave>' IDENTIFIED BY '<password>' REQUIRE SSL;
GRANT SELECT, INSERT ON \`<database>\`.\`<table>\` TO '<user>'@'<address of the enclave>';
`;
