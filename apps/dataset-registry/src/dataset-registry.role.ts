import { Module } from '@nestjs/common';
import { CompareProcessor } from './compare.processor.js';
import { ValidateProcessor } from './validate.processor.js';

/** Profiles and checks uploaded data set versions, and compares them. */
@Module({ providers: [ValidateProcessor, CompareProcessor] })
export class DatasetRegistryRole {}
