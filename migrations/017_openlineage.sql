-- Webhooks in the form of OpenLineage: what their receivers know them by, runs that go on after they had ended, which OpenLineage has no word for, and the graph in its words.

-- `bearer` is sent as Authorization; it is kept as the secret is, in clear, and read by senders only.
alter table webhook add column bearer text;

-- Exports read the graph kind by kind.
create index lineage_node_kind on lineage_node (workspace_id, kind, id);

-- How often the run has gone on after an end.
alter table run add column resumes integer not null default 0;
