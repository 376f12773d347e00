-- The name of a webhook is a label, as it is in MLflow: several may have the same.
drop index webhook_name;
create index webhook_workspace on webhook (workspace_id, id);
