import { Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EndpointEntity } from './deployment.entities.js';

/** An endpoint as other rooms may know it. */
export interface EndpointFacts {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly modelId: string;
}

@Injectable()
export class DeploymentReads {
  constructor(private readonly dataSource: DataSource) {}

  async endpoint(workspaceId: string, id: string): Promise<EndpointFacts | undefined> {
    const row = await this.dataSource.getRepository(EndpointEntity).findOneBy({ workspaceId, id });
    return row ? { id: row.id, name: row.name, project: row.project, modelId: row.modelId } : undefined;
  }
}

@Module({ providers: [DeploymentReads], exports: [DeploymentReads] })
export class DeploymentReadsModule {}
