<?php

// The job of Fervo's table: a listener that sleeps a little. Run for one job each time, or by a FastCGI server.
usleep(1000);
header('content-type: application/json');
echo '{"result":', json_encode(json_decode(PHP_SAPI === 'cli' ? $argv[1] : file_get_contents('php://input'))), '}';
