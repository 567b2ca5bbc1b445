// The pool of connections. Statements are named, so that each connection prepares them once.

import pg from 'pg';
import { poolSize } from '../shared.mjs';

export const pool = new pg.Pool({ min: poolSize, max: poolSize });
