-- A version that the platform did not train is measured on a data set version that is named: which, its label, and how rows become inputs.
alter table model_evaluation add column data jsonb;
