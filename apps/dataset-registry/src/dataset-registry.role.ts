import { Module } from '@nestjs/common';
import { ValidateProcessor } from './validate.processor.js';

/** Profiles and checks uploaded data set versions. */
@Module({ providers: [ValidateProcessor] })
export class DatasetRegistryRole {}
