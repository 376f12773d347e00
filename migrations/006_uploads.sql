-- Uploads that are still coming: in parts, or put into the object store by their sender. What has come lies in the store.

create table upload (
  id text not null,
  workspace_id text not null,
  kind text not null,
  -- Name of the multipart upload in the object store.
  handle text not null,
  -- What the sender announced; an artifact's parts come unannounced.
  size bigint,
  part_size integer,
  sha256 text,
  -- The artifact that it becomes.
  owner_id text,
  path text,
  -- What it became: the blob, and what the store called the content.
  blob text,
  blob_size bigint,
  etag text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (id)
);
alter table upload add constraint upload_kind check (kind in ('PARTS', 'WHOLE'));
create index upload_expiry on upload (expires_at);
-- Who announces the same content again goes on with the same upload.
create unique index upload_resumed on upload (workspace_id, sha256, size, part_size) where blob is null and sha256 is not null;
create index upload_owner on upload (owner_id) where kind = 'WHOLE';

grant select, insert, update, delete on all tables in schema public to :app_role;
revoke update, delete on audit_log, event_log from :app_role;
grant update (sequence) on event_log to :app_role;
revoke insert, update, delete on schema_migration from :app_role;
revoke insert, delete on relay_state from :app_role;
