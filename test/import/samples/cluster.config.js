// PM2 ecosystem file
const path = require("path");
const { cpus } = require("os");

const LOGS = path.join(__dirname, "logs");

module.exports = {
  apps: [
    {
      name: "api server",
      script: "./dist/server.js",
      cwd: __dirname,
      instances: "max",
      exec_mode: "cluster",
      node_args: ["--max-old-space-size=512", '--enable-source-maps'],
      max_memory_restart: "600M",
      kill_timeout: 5000,
      wait_ready: true,
      listen_timeout: 10 * 1000,
      out_file: `${LOGS}/api.out.log`,
      error_file: LOGS + "/api.err.log",
      env: {
        NODE_ENV: "development",
        PORT: 3000,
        DATABASE_URL: process.env.DATABASE_URL,
        LOG_LEVEL: process.env["LOG_LEVEL"] || "info",
        WORKERS: cpus().length, // not readable without running it
      },
      env_production: { NODE_ENV: "production", PORT: 8080 },
    },
    {
      name: 'queue-worker',
      script: path.join(__dirname, "dist", "worker.js"),
      args: 'default mail --name "night shift"',
      instances: -1,
      autorestart: true,
      max_restarts: 10,
      min_uptime: "10s",
      restart_delay: 3000,
      watch: false,
      cron_restart: "0 3 * * *",
    },
  ],

  deploy: {
    production: { user: "deploy", host: ["10.0.0.1"], ref: "origin/main", repo: "git@example.com:shop.git" },
  },
};
