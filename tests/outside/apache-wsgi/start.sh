#!/bin/bash
echo starting
apache2ctl -D FOREGROUND
