<?php

require getenv('PM_BENCH_CLIENT');

PmTasks::serve(static function ($payload) {
    usleep(1000);
    return $payload;
});
