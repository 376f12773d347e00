import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api';

export type { Counter, Histogram, ObservableGauge };

/** Instruments of one process, read as Prometheus text. Durations are seconds. */
export class Metrics {
  private readonly exporter = new PrometheusExporter({ preventServerStart: true });
  private readonly provider = new MeterProvider({ readers: [this.exporter] });
  private readonly meter: Meter = this.provider.getMeter('tailrace');

  readonly jobSeconds: Histogram = this.meter.createHistogram('tailrace_job_seconds', {
    description: 'Time that a queued job took, by subscriber and outcome',
    unit: 's',
  });
  readonly eventLagSeconds: Histogram = this.meter.createHistogram('tailrace_event_lag_seconds', {
    description: 'Time from an event being written to its effect, by subscriber',
    unit: 's',
  });
  readonly httpSeconds: Histogram = this.meter.createHistogram('tailrace_http_request_seconds', {
    description: 'Time to answer an HTTP request, by method and status class',
    unit: 's',
  });

  /** A gauge whose value is asked for when the metrics are read. */
  gauge(
    name: string,
    description: string,
    read: () => Promise<readonly { value: number; labels?: Record<string, string> }[]>,
  ): void {
    this.meter.createObservableGauge(name, { description }).addCallback(async (result) => {
      for (const { value, labels } of await read()) result.observe(value, labels);
    });
  }

  /** Prometheus text exposition format 0.0.4. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.exporter.collect();
    return new PrometheusSerializer('', false, undefined, true, true).serialize(resourceMetrics);
  }
}
