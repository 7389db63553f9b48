/** What a database administrator runs, for guides and the console to show. Names in angle brackets are to be filled in. */

/**
 * A user who can read one table and nothing else. That it comes over TLS only, and with which password, pg_hba.conf
 * says: `hostssl <database> <user> <address of the enclave> scram-sha-256`.
 */
export const READ_ONLY_USER = `SET password_encryption = 'scram-sha-256';
CREATE ROLE "<user>" LOGIN PASSWORD '<password>' CONNECTION LIMIT 8;
GRANT CONNECT ON DATABASE "<database>" TO "<user>";
GRANT USAGE ON SCHEMA "<schema>" TO "<user>";
GRANT SELECT ON "<schema>"."<table>" TO "<user>";
-- and on the metadata table, where there is one:
GRANT SELECT ON "<schema>"."<metadata table>" TO "<user>";
`;

/** The receiver's table, and a user who can add results to it, change none and delete none. */
export const DESTINATION = `CREATE TABLE "<schema>"."<table>" (
  task char(64) COLLATE "C" NOT NULL,
  part integer NOT NULL,
  parts integer NOT NULL,
  digest char(64) COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (task, part)
);
SET password_encryption = 'scram-sha-256';
CREATE ROLE "<user>" LOGIN PASSWORD '<password>' CONNECTION LIMIT 8;
GRANT CONNECT ON DATABASE "<database>" TO "<user>";
GRANT USAGE ON SCHEMA "<schema>" TO "<user>";
GRANT SELECT, INSERT ON "<schema>"."<table>" TO "<user>";
`;
