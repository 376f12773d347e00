import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AccessView } from '#access';
import { ObservedStateSchema, TrafficReportSchema, type DesiredState } from '#contracts';
import { DeploymentService, DeploymentView, TrafficService } from '#deployment';
import { Requires } from '#host';
import { canonicalJson, sha256, Waker } from '#kernel';
import { Wakeups } from '#messaging';
import { parsed } from '../attempts/attempts.controller.js';
import { BlobTransfer } from '../blobs/blob-transfer.js';
import type { AuthorizedRequest } from '../http/access.guard.js';

/** How long a node's question is held open, and how often the answer is looked for without a wake-up. */
const HOLD_MS = 25_000;
const LOOK_MS = 2_000;

/** What inference nodes ask and say. They pull: the control plane never calls them. */
@Requires('node.serve')
@Controller('internal/v1')
export class NodesController {
  private readonly held = new Set<Waker>();

  constructor(
    private readonly view: DeploymentView,
    private readonly access: AccessView,
    private readonly deployment: DeploymentService,
    private readonly trafficService: TrafficService,
    private readonly transfer: BlobTransfer,
    private readonly wakeups: Wakeups,
  ) {}

  /** The desired state once it differs from the one that the node has; 204 when it still does not after a while. */
  @Get('desired')
  async desired(@Query('after') after: string | undefined, @Req() request: AuthorizedRequest, @Res() reply: FastifyReply) {
    const waker = new Waker();
    this.held.add(waker);
    const off = this.wakeups.on('desired_state', () => waker.wake());
    request.raw.on('close', () => waker.close());
    try {
      for (const until = Date.now() + HOLD_MS; ;) {
        waker.reset();
        const state = await this.current();
        if (state.generation !== after) return await reply.send(state);
        if (Date.now() >= until || waker.isClosed) return await reply.status(204).send();
        await waker.wait(Math.min(LOOK_MS, until - Date.now()));
      }
    } finally {
      off();
      this.held.delete(waker);
    }
  }

  @Post('observed')
  @HttpCode(200)
  async observed(@Req() request: AuthorizedRequest, @Body() body: unknown) {
    await this.deployment.observe(request.ctx, parsed(ObservedStateSchema, body));
    return {};
  }

  @Post('traffic')
  @HttpCode(200)
  async traffic(@Body() body: unknown) {
    await this.trafficService.record(parsed(TrafficReportSchema, body));
    return {};
  }

  @Get('blobs/:workspaceId/:sha256')
  async blob(@Param('workspaceId') workspaceId: string, @Param('sha256') digest: string, @Res() reply: FastifyReply) {
    await this.transfer.send(workspaceId, digest, reply);
  }

  beforeApplicationShutdown(): void {
    this.held.forEach((waker) => waker.close());
  }

  private async current(): Promise<DesiredState> {
    const [revisions, callers] = await Promise.all([this.view.desired(), this.access.callers()]);
    return { generation: sha256(canonicalJson({ revisions, callers })), revisions, callers };
  }
}
